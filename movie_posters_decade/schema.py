"""Schema: the columns of the dataset, of its exports, and the names that are taken."""

CATALOGUE_FIELDS = ("imdb_id", "title", "year", "genres", "imdb_score", "poster_url")
"""The fields of a movie in a catalogue."""

PROVENANCE_COLUMNS = ("source", "downloaded_url")
"""Where a poster came from: "catalogue" or a fallback's name, and the link that was requested."""

DATASET_COLUMNS = ("image", "label", *CATALOGUE_FIELDS, *PROVENANCE_COLUMNS)
"""The columns of the dataset, beside the extra ones."""

RESERVED_COLUMNS = {*DATASET_COLUMNS, "file", "file_name", "sha256", "split", "decade"}
"""The names that no extra column may have, as exports use them."""

MANIFEST_START = ("file", "sha256", "split", "decade", "label")
"""The first columns of an export's manifest, by which it is known among other tables."""

MAX_COLUMN = 200
"""The longest name of an extra column, in characters."""
