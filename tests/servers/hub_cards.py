"""What the Hub has against a dataset card."""

import re
from itertools import pairwise

import yaml  # type: ignore[import-untyped]

FRONT_MATTER = re.compile(r"\s*---[ \t]*\r?\n(.*?)^---[ \t\r]*$", re.DOTALL | re.MULTILINE)
SIZES = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")
SIZE_CATEGORIES = ("n<1K", *(f"{low}<n<{high}" for low, high in pairwise(SIZES)), "n>1T")


def errors_in_card(block: str) -> list[str]:
    """Say what the Hub has against the YAML of a dataset card."""
    try:
        card = yaml.safe_load(block)
    except yaml.YAMLError as error:
        return [f"Invalid YAML: {error}"]
    if not isinstance(card, dict):
        return ["The metadata must be a mapping"]
    lists = {name: card.get(name, []) for name in ("size_categories", "tags", "task_categories")}
    errors = [
        f'"{name}" must be a list of strings'
        for name, values in lists.items()
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values)
    ]
    if not errors and not set(lists["size_categories"]) <= set(SIZE_CATEGORIES):
        errors.append(f'"size_categories" must be among {", ".join(SIZE_CATEGORIES)}')
    if card.get("license") == "other" and not card.get("license_name"):
        errors.append('"license_name" is required where "license" is "other"')
    return errors
