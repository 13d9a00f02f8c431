"""What the command line of a training looks like: interpreters, launchers, and programs that train by themselves."""

from __future__ import annotations

import re

PYTHON = re.compile(r"^(?:python|pypy|ipython)(?:\d+(?:\.\d+)*)?(?:\.exe)?$", re.IGNORECASE)
SHELLS = frozenset({"bash", "sh", "zsh", "ksh", "dash", "sbatch", "qsub"})
"""Programs that run another launcher script; `source` only sets the scene."""

WRAPPERS = frozenset(
    "nohup srun sudo env exec nice ionice stdbuf timeout conda mamba micromamba poetry uv pipenv pdm hatch rye pixi "
    "singularity apptainer docker podman enroot mpirun mpiexec mpirun.openmpi horovodrun jsrun aprun ibrun bsub ts tsp "
    "numactl taskset screen tmux start xvfb-run nsys ncu kernprof unbuffer setsid oumi command wsl caffeinate "
    "catchsegv gdb py-spy viztracer pipx qrsh salloc time lsfrun accelerate torchrun deepspeed".split()
)
"""Programs that start another one, which stands somewhere behind their own options."""

LAUNCHER_MODULES = {
    "torch.distributed.launch": "",
    "torch.distributed.run": "",
    "accelerate.commands.launch": "accelerate",
    "accelerate.commands.accelerate_cli": "accelerate",
    "deepspeed.launcher.runner": "deepspeed",
    "deepspeed.launcher.launch": "deepspeed",
    "deepspeed": "deepspeed",
    "torch_xla.distributed.xla_spawn": "",
    "paddle.distributed.launch": "paddle",
    "paddle.distributed.fleet.launch": "paddle",
    "pdb": "",
    "debugpy": "",
    "cProfile": "",
    "memory_profiler": "",
    "kernprof": "",
    "coverage": "",
    "torch.utils.bottleneck": "",
}
"""Modules that run another program -> the framework that they belong to, "" for none."""

FOREIGN_MODULES = frozenset(
    "pip venv virtualenv pytest unittest http.server SimpleHTTPServer json.tool ipykernel jupyter notebook nbconvert "
    "tensorboard.main tensorboard build twine compileall zipfile timeit site uvicorn gunicorn flask streamlit "
    "gradio wandb torch.utils.collect_env ensurepip black ruff mypy isort flake8 pylint nltk.downloader py_compile "
    "this doctest "
    "ipykernel_launcher conda wandb.cli base64 http smtplib pydoc huggingface_hub modelscope gdown".split()
)
"""Modules that are no programs of the tree."""

TRAINERS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), framework)
    for pattern, framework in (
        (r"(?:llamafactory-cli|lmf) train\b", "llama-factory"),
        (r"axolotl train\b|axolotl\.cli\.train\b", "axolotl"),
        (r"tune run (?:.* )?(?:\S*(?:full|lora|qat|knowledge_distillation|ppo|dpo|grpo)_\w+|\S+_distributed|"
         r"\S+_single_device)\b", "torchtune"),
        (r"yolo (?:(?:detect|segment|classify|pose|obb|task=\w+) )?(?:train\b|.*\bmode=train\b)", "ultralytics"),
        (r"fairseq-(?:hydra-)?train\b|fairseq_cli\.(?:hydra_)?train\b", "fairseq"),
        (r"trl (?:sft|dpo|kto|grpo|orpo|cpo|bco|rloo|ppo|reward|online_dpo)\b", "trl"),
        (r"mim train\b", "openmmlab"),
        (r"(?:\S*/)?(?:dist|slurm)_train\.sh\b", "openmmlab"),
        (r"xtuner train\b", "openmmlab"),
        (r"autotrain \w[\w-]* (?:.* )?--train\b", "hf-trainer"),
        (r"paddlex? .*--train\b", "paddle"),
        (r"nnUNet(?:v2)?_train\b|swift (?:sft|pt|rlhf)\b|(?:oumi|litgpt|ludwig|allennlp|spacy|rasa) train\b"
         r"|litgpt (?:finetune|pretrain)\w*|onmt_train\b|t2t-trainer\b|sockeye-train\b|parlai train_model\b", ""),
    )
)  # fmt: skip
"""Command lines, the path cut to its name, that train without a script of the tree -> framework, "" if unnamed."""

EVALUATION_NAME = re.compile(
    r"(?:^|[_\-.])(?:eval|evals|evaluate|evaluation|test|tests|testing|infer|inference|predict|prediction|generate|generation|"
    r"demo|serve|server|benchmark|validate|validation|sample|sampling|chat|app|webui|gradio|api|visuali[sz]e|plot|export|merge|"
    r"convert|decode|score|scoring|interact|interactive|translate|pseudo_?label(?:s|ing)?)(?:$|[_\-.])",
    re.IGNORECASE,
)
TRAINING_NAME = re.compile(r"train|finetun|fine_tun|fine-tun|sft|dpo|grpo|fit", re.IGNORECASE)
EVALUATION_FLAGS = frozenset(
    "eval evaluate eval_only evaluate_only only_eval test test_only only_test inference inference_only predict "
    "predict_only validate validate_only val_only dry_run export generate demo benchmark infer only_inference "
    "testing evaluation".split()
)
MODE_KEYS = frozenset({"mode", "phase", "run_mode", "stage_mode", "action"})
"""Options whose value says what the program shall do."""
EVALUATION_MODES = frozenset(
    "eval evaluate evaluation test testing val valid validate validation predict prediction infer inference demo "
    "generate export track benchmark sample chat serve".split()
)

CONFIG_ENDINGS = (".yaml", ".yml", ".json", ".toml", ".ini", ".cfg", ".conf")
CONFIG_KEY = re.compile(
    r"(?:^|_)(?:config|configs|cfg|conf|configuration|deepspeed|recipe|hparams|hparam|params|args|hyp|spec|settings|options|opt)(?:$|_)"
)
"""Options (normalised) whose file is a configuration."""
DATA_KEY = re.compile(
    r"data|train_file|val|test|corpus|vocab|label|split|annotation|file_list|output|result|prompt|index|tokenizer|classes"
)
"""Options whose file is something else, whatever its ending."""

OUTPUT_KEYS = frozenset(
    "output_dir out_dir outdir save_dir work_dir output_path save_path default_root_dir logging_dir log_dir logdir "
    "checkpoint_dir ckpt_dir exp_dir results_dir result_dir run_dir hydra.run.dir output_folder saved_dir".split()
)
"""Options (normalised) that name the folder a training writes to."""
NAME_KEYS = frozenset("run_name wandb_run_name exp_name experiment_name wandb_name".split())
