"""Trees for the benchmark, shaped like a real folder of machine-learning projects, made of a seed.

    python -m bench.trees OUT                          20,000 files, about 1.2 GB
    python -m bench.trees OUT --profile crawl          200,000 small files
    python -m bench.trees OUT --scale 0.0104           200 files, about 20 MB
    python -m bench.trees OUT --profile giant          one log of 5 GB among a few small files
    python -m bench.trees OUT --filler SITE_PACKAGES   irrelevant files are copied from there instead of made

The same seed, profile, scale and filler give the same bytes. OUT.manifest.json counts files, bytes and records of
metrics by kind.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import zlib
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.files import (
    dataset_csv,
    dataset_jsonl,
    garbage,
    git_object,
    metrics_csv,
    notebook,
    png,
    safetensors,
    single_line_json,
    source_code,
    tokenizer_json,
    tokenizer_merges,
    tokenizer_vocab,
    train_script,
    trainer_state,
    yaml_config,
)
from bench.logs import WORDS, log_hf, training_log

MB = 1_000_000
FILLER_SUFFIXES = (".py", ".md", ".json", ".txt", ".pyi", ".rst", ".js", ".yaml", ".toml", ".ipynb")


def skewed(low: int, high: int, power: float) -> Callable[[random.Random], int]:
    """Log-uniform between low and high, pushed to the low end by power > 1."""
    return lambda rng: int(low * (high / low) ** (rng.random() ** power))


# kind: (files at scale 1, path template, size, maker).  {r} run number, {i} serial number, {h} hex.
Maker = Callable[[random.Random, int], tuple[bytes, int]]
Plan = dict[str, tuple[int, str, Callable[[random.Random], int], Maker]]
MAIN: Plan = {
    "log": (560, "outputs/run_{r}/train_{i}.log", skewed(10_000, 30 * MB, 6.0), training_log),
    "slurm": (40, "logs/slurm-{i}.out", skewed(10_000, 3 * MB, 1.5), training_log),
    "trainer_state": (
        160,
        "outputs/run_{r}/checkpoint-{i}/trainer_state.json",
        skewed(5_000, 2 * MB, 1.0),
        trainer_state,
    ),
    "notebook": (220, "notebooks/nb_{i}.ipynb", skewed(8_000, 2 * MB, 1.4), notebook),
    "script": (500, "train_{i}.py", skewed(1_000, 30_000, 1.0), train_script),
    "config": (900, "configs/exp_{i}.yaml", skewed(300, 6_000, 1.2), yaml_config),
    "hydra": (300, "outputs/run_{r}/.hydra/config_{i}.yaml", skewed(300, 4_000, 1.2), yaml_config),
    "metrics_csv": (260, "lightning_logs/version_{r}/metrics_{i}.csv", skewed(1_000, 1 * MB, 1.5), metrics_csv),
    "wandb_bin": (60, "wandb/run-{h}/run-{i}.wandb", skewed(10_000, 1 * MB, 1.2), garbage),
    "wandb_log": (60, "wandb/run-{h}/files/output_{i}.log", skewed(10_000, 2 * MB, 1.5), training_log),
    "wandb_config": (60, "wandb/run-{h}/files/config_{i}.yaml", skewed(500, 4_000, 1.0), yaml_config),
    "tfevents": (120, "runs/exp_{r}/events.out.tfevents.17{i}.gpu", skewed(2_000, 400_000, 1.0), garbage),
    "mlflow": (
        900,
        "mlruns/0/{h}/params/p_{i}",
        skewed(2, 60, 1.0),
        lambda rng, n: (f"{rng.random():.{max(1, n)}g}".encode(), 0),
    ),
    "vocab": (30, "models/m_{r}/v{i}/vocab.json", skewed(400_000, 1_200_000, 1.0), tokenizer_vocab),
    "merges": (30, "models/m_{r}/v{i}/merges.txt", skewed(300_000, 600_000, 1.0), tokenizer_merges),
    "tokenizer": (20, "models/m_{r}/v{i}/tokenizer.json", skewed(700_000, 3 * MB, 1.0), tokenizer_json),
    "safetensors": (70, "models/m_{r}/model-{i}.safetensors", skewed(300_000, 12 * MB, 1.2), safetensors),
    "image": (2_200, "data/img/{r}/im_{i}.png", skewed(3_000, 90_000, 1.0), png),
    "npy": (250, "data/feat/{r}/f_{i}.npy", skewed(5_000, 400_000, 1.0), garbage),
    "git": (1_000, ".git/objects/{h}/{i}", skewed(100, 20_000, 1.3), git_object),
    "pyc": (300, "src/__pycache__/m_{i}.cpython-311.pyc", skewed(500, 30_000, 1.0), garbage),
    "jsonl": (14, "data/train_{i}.jsonl", skewed(1 * MB, 8 * MB, 1.0), dataset_jsonl),
    "data_csv": (30, "data/table_{i}.csv", skewed(100_000, 3 * MB, 1.0), dataset_csv),
    "one_line_json": (4, "data/annotations_{i}.json", skewed(3 * MB, 16 * MB, 0.7), single_line_json),
    "filler": (12_000, "src/{f}", skewed(300, 40_000, 1.2), source_code),
}
CRAWL: Plan = {
    "log": (400, "outputs/run_{r}/train_{i}.log", skewed(1_000, 60_000, 1.5), training_log),
    "config": (9_600, "configs/{r}/exp_{i}.yaml", skewed(300, 2_000, 1.2), yaml_config),
    "image": (60_000, "data/img/{r}/im_{i}.png", skewed(50, 800, 1.0), png),
    "git": (30_000, ".git/objects/{h}/{i}", skewed(60, 600, 1.0), git_object),
    "filler": (100_000, "src/{f}", skewed(100, 3_000, 1.2), source_code),
}


def giant_piece(rng: random.Random, size: int) -> tuple[bytes, int]:
    """What the giant log repeats."""
    text, n = log_hf(rng, size)
    return text.encode(), n


REPEATED = {"giant": 100}
"""How often a kind's content is written one after another."""
GIANT: Plan = {
    "giant": (1, "outputs/run_0/train_{i}.log", lambda rng: 50 * MB, giant_piece),
    "config": (20, "configs/exp_{i}.yaml", skewed(300, 2_000, 1.2), yaml_config),
}
PROFILES = {"main": (MAIN, 150), "crawl": (CRAWL, 400), "giant": (GIANT, 2)}


def filler_pool(root: Path, limit: int = 200_000) -> list[Path]:
    """Small text files under root, in an order that depends only on their relative paths."""
    pool = [
        p
        for p in root.rglob("*")
        if p.suffix in FILLER_SUFFIXES and p.is_file() and not p.is_symlink() and p.stat().st_size <= limit
    ]
    return sorted(pool, key=lambda p: zlib.crc32(p.relative_to(root).as_posix().encode()))


def build(out: Path, profile: str, seed: int, scale: float, filler: Path | None) -> dict[str, Any]:
    plan, projects = PROFILES[profile]
    projects = max(2, int(projects * min(1.0, scale)))
    pool = filler_pool(filler) if filler else []
    made_dirs: set[Path] = set()
    stats: dict[str, dict[str, int]] = defaultdict(lambda: {"files": 0, "bytes": 0, "records": 0})
    for kind, (count, template, size_of, make) in plan.items():
        rng = random.Random(f"{seed}/{profile}/{kind}")
        for i in range(max(1, round(count * scale))):
            project = f"proj_{int(projects * rng.random() ** 1.6):03d}"  # few big projects, many small
            if kind == "filler":
                if pool:
                    source = pool[i % len(pool)]
                    parts = source.relative_to(filler).parts
                    name = "/".join((*parts[:-1][:5], f"{i}_{parts[-1]}"))
                    # a package stays whole in one project, as a copied or vendored one does
                    home = random.Random(f"{seed}/{parts[0]}/{i // len(pool)}").random()
                    project = f"proj_{int(projects * home):03d}"
                    data = source.read_bytes()
                    data = data[: size_of(rng)] if profile == "crawl" else data
                else:
                    name = f"{rng.choice(WORDS)}/{rng.choice(WORDS)}_{i}.py"
                    data = make(rng, size_of(rng))[0]
                records = 0
            else:
                name = ""
                data, records = make(rng, size_of(rng))
            path = out / project / template.format(r=rng.randrange(6), i=i, h=f"{rng.randrange(40):02x}", f=name)
            if path.parent not in made_dirs:
                path.parent.mkdir(parents=True, exist_ok=True)
                made_dirs.add(path.parent)
            repeated = REPEATED.get(kind, 1)
            with path.open("wb") as stream:
                for _ in range(repeated):
                    stream.write(data)
            entry = stats[kind]
            entry["files"] += 1
            entry["bytes"] += len(data) * repeated
            entry["records"] += records * repeated
    total = {key: sum(s[key] for s in stats.values()) for key in ("files", "bytes", "records")}
    return {
        "profile": profile,
        "seed": seed,
        "scale": scale,
        "filler": str(filler) if filler else None,
        "total": total,
        "kinds": dict(stats),
    }


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--profile", choices=sorted(PROFILES), default="main")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--filler", type=Path, help="folder whose small text files serve as irrelevant files")
    args = parser.parse_args(argv)
    if args.out.exists() and any(args.out.iterdir()):
        parser.error(f"{args.out} is not empty")
    manifest = build(args.out, args.profile, args.seed, args.scale, args.filler)
    args.out.with_name(args.out.name + ".manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    total = manifest["total"]
    print(f"{total['files']:,} files, {total['bytes'] / MB:,.1f} MB, {total['records']:,} metric records in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
