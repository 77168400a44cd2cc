"""Makes models/ and prompts/ from scratch: `python tools/make_models.py`.

Finished stages are kept in --work, so an interrupted run continues where it stopped.
"""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from shapes.train import train_all  # noqa: E402


def main() -> None:
    root = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=root / ".qsched" / "training", help="folder for finished stages")
    parser.add_argument("--out", type=Path, default=root, help="the folder that receives models/ and prompts/")
    parser.add_argument("--quick", action="store_true", help="run only a few steps of every stage, as a smoke test")
    parser.add_argument("--train-only", action="store_true", help="stop before the export")
    args = parser.parse_args()
    train_all(args.work, args.quick)
    if args.train_only:
        return
    from shapes.brisque import write_brisque
    from shapes.export import export_all
    from shapes.manifest import write_manifest
    from shapes.reference import write_reference
    export_all(args.work, args.out)
    write_reference(args.out / "models")
    write_brisque(args.work, args.out / "models")
    write_manifest(args.out)


if __name__ == "__main__":
    main()
