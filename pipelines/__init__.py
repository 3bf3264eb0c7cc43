"""The job: sources, the graph, the commit, the command line."""
