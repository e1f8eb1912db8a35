"""Count what Parquet files hold, and print it as JSON: FOLDER COLUMN."""

import json
import sys
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq


def main(folder: Path, column: str) -> None:
    """Print the number of rows, of those that are not null in the column, and of its bytes."""
    contents = pq.read_table(folder, columns=[column])[column]
    size = pc.sum(pc.binary_length(contents)).as_py()
    found = {"rows": len(contents), "contents": len(contents) - contents.null_count, "bytes": size}
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
