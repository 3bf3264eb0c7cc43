"""The desk: cuts what is not the story, takes fields out of it, and marks every cut with its reason."""

from copydesk.transforms.boilerplate.desk import Desk
from copydesk.transforms.boilerplate.edited import Edited, Paragraph
from copydesk.transforms.boilerplate.profiles import PROFILES, Profile, profile
from copydesk.transforms.boilerplate.rules import KINDS, Rule, load_rules

__all__ = ["KINDS", "PROFILES", "Desk", "Edited", "Paragraph", "Profile", "Rule", "load_rules", "profile"]
