"""Makes models/ and prompts/ from scratch: `python tools/make_models.py`; `--family shapes-flow` makes that family alone, beside
the `shapes` that is there.

Finished stages are kept in --work, so an interrupted run continues where it stopped.
"""
import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def main() -> None:
    root = Path(__file__).resolve().parent.parent
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, default=root / ".qsched" / "training", help="folder for finished stages")
    parser.add_argument("--out", type=Path, default=root, help="the folder that receives models/ and prompts/")
    parser.add_argument("--quick", action="store_true", help="run only a few steps of every stage, as a smoke test")
    parser.add_argument("--train-only", action="store_true", help="stop before the export")
    parser.add_argument("--family", choices=["all", "shapes-flow"], default="all", help="what to make")
    args = parser.parse_args()
    if args.family == "all":
        make_shapes(args)
    if not (args.family == "all" and args.train_only):
        make_flow(args)


def make_shapes(args: argparse.Namespace) -> None:
    from shapes.train import train_all
    train_all(args.work, args.quick)
    if args.train_only:
        return
    from shapes.brisque import write_brisque
    from shapes.export import export_all
    from shapes.lpips import write_lpips
    from shapes.manifest import write_manifest
    from shapes.reference import write_reference
    export_all(args.work, args.out)
    write_reference(args.out / "models")
    write_brisque(args.work, args.out / "models")
    write_lpips(args.out / "models")
    write_manifest(args.out)


def make_flow(args: argparse.Namespace) -> None:
    """It takes its text tower and its decoder from the exported `shapes`, and is trained for that decoder."""
    from shapes.manifest import write_manifest
    from shapes_flow.train import train_flow_family
    work = args.work / "shapes-flow"
    train_flow_family(work, args.out / "models" / "shapes", args.quick)
    if args.train_only:
        return
    from shapes_flow.export import export_flow
    export_flow(work, args.out / "models")
    write_manifest(args.out)


if __name__ == "__main__":
    main()
