"""What libraries call the things that a training is made of: names of classes and functions, nothing else.

Names are compared by their last part (`optim.AdamW`, `bnb.optim.AdamW8bit`, `tf.keras.optimizers.Adam`).
"""

from __future__ import annotations

import re

OPTIMIZERS = frozenset({
    "Adam", "AdamW", "SGD", "RMSprop", "Adagrad", "Adadelta", "Adamax", "NAdam", "RAdam", "Nadam", "Ftrl", "Rprop",
    "ASGD", "SparseAdam", "LBFGS", "Adafactor", "Lion", "LAMB", "Lamb", "LARS", "Lars", "AdamW8bit", "Adam8bit",
    "PagedAdamW8bit", "PagedAdamW32bit", "PagedAdamW", "PagedLion8bit", "Lion8bit", "FusedAdam", "FusedAdamW",
    "DeepSpeedCPUAdam", "FusedLamb", "Sophia", "SophiaG", "Ranger", "Ranger21", "Adan", "Muon", "Prodigy", "AdaBelief",
    "AdaBound", "AdamP", "SGDP", "GaLoreAdamW", "Lookahead", "AdamOptimizer", "AdamWOptimizer", "RMSPropOptimizer",
    "GradientDescentOptimizer", "MomentumOptimizer", "AdagradOptimizer", "AdadeltaOptimizer", "Momentum", "BertAdam",
    "OpenAIAdam", "RMSProp", "DPAdam", "ScheduleFree", "AdamWScheduleFree",
})  # fmt: skip
LOWER_OPTIMIZERS = frozenset({
    "adam", "adamw", "sgd", "rmsprop", "adagrad", "adadelta", "adamax", "nadam", "nadamw", "lion", "lamb", "lars",
    "adafactor", "radam", "adabelief", "novograd",
})  # fmt: skip
"""Only as members of a module of optimizers: `optax.adamw`, `keras.optimizers.rmsprop`."""
RATE_FIRST = re.compile(r"keras|tensorflow|^tf\.|optax|Optimizer$|paddle")
"""Where the learning rate is the first positional argument; in torch it follows the parameters."""

SCHEDULERS = frozenset({
    "StepLR", "MultiStepLR", "ExponentialLR", "CosineAnnealingLR", "CosineAnnealingWarmRestarts", "ReduceLROnPlateau",
    "OneCycleLR", "CyclicLR", "LinearLR", "PolynomialLR", "ConstantLR", "CosineLRScheduler", "PolyLR", "NoamLR",
    "LinearWarmupCosineAnnealingLR", "WarmupCosineSchedule", "WarmupLinearSchedule", "WarmupConstantSchedule",
    "ExponentialDecay", "CosineDecay", "CosineDecayRestarts", "PolynomialDecay", "PiecewiseConstantDecay",
    "NoamOpt", "StepLRScheduler", "WarmupCosineLR", "cosine_decay_schedule", "warmup_cosine_decay_schedule",
    "linear_schedule", "constant_schedule", "polynomial_schedule", "exponential_decay", "polynomial_decay",
    "cosine_decay", "CosineAnnealingDecay", "StepDecay", "MultiStepDecay", "NoamDecay", "PolynomialSchedule",
})  # fmt: skip
HF_SCHEDULE = re.compile(r"get_(?:linear|cosine|constant|polynomial|inverse_sqrt|wsd)\w*schedule\w*$")
WARMUPS = frozenset({"LinearLR", "ConstantLR", "linear_schedule", "constant_schedule"})
"""Schedulers that are only the beginning when another one follows them."""

TRL_TRAINERS = re.compile(
    r"^(?:Unsloth)?(?:SFT|DPO|PPO|GRPO|Reward|ORPO|KTO|CPO|RLOO|PPOv2|OnlineDPO|BCO|GKD|IterativeSFT|XPO|NashMD|"
    r"DDPO|AlignProp|PRM)Trainer$"
)
HF_TRAINERS = re.compile(r"^(?:\w*Trainer)$")
ARGUMENT_CLASSES = re.compile(
    r"(?:Config|Configuration|Args|Arguments|Params|Hparams|HParams|HyperParameters|Hyperparameters|Hyperparams)$"
)
"""Calls of such classes keep their keywords as settings."""
FOREIGN_ARGUMENTS = re.compile(
    r"(?i)generation|sampling|tokenizer|eval|inference|serv|logging|deploy|data_?args|dataconfig|vision|processor|"
    r"bitsandbytes|^basicconfig$|^ema|export|engineargs|^config$|^autoconfig$|^(?:bert|gpt2|llama|roberta|t5|vit|"
    r"mistral|qwen\w*)config$|monitor|wandb|"
    r"camera|render|plot|viewer|server|request|path|retriev|index|database|teacher|reward_?model"
)
ADAPTERS = re.compile(r"(?i)lora|peft")
BITS = re.compile(r"^(?:BitsAndBytesConfig|QuantoConfig)$")

NO_MODEL_CLASS = re.compile(
    r"(?i)token|processor|featureextractor|config$|pipeline$|scheduler|^peft|lora|dataset|adapter|reward|retriev|"
    r"embedding|"
    r"imageprocessor|vocab|scaler|safety|feature_extractor|controlnetaux|^spacy|encodec|judge"
)
"""`X.from_pretrained` that loads no model to be trained."""
OTHER_ROLE = re.compile(
    r"(?i)(?:^|[._])(?:d|dis|disc|discriminator|critic|teacher|ref|reference|reward|rm|judge|eval|evaluator|embed|"
    r"embedder|target|vae|tokenizer|text_encoder|metric|scorer|old|ema|nli|draft|assistant|sampler|baseline|"
    r"pretrained|loaded|saved|merged|best|test|inference|infer)(?:$|[._\d])|_ref$|netd$|discrim|teacher|critic"
)
"""Names of models and optimizers that play another part than the trained one."""
EVALUATION = re.compile(
    r"(?i)(?:^|_|\b|(?<=[a-z]))(?:val|valid|validation|test|testing|eval|evaluation|dev|infer|inference|pred|"
    r"predict|holdout|calib)(?:$|_|\b|(?=[A-Z\d])|set|loader|data|ds|dl)"
)
"""Loaders and data that are not trained on."""
TRAINING_NAME = re.compile(r"(?i)train|^tr_|_tr$|fit")
MODEL_NAME = re.compile(
    r"^(?:self\.)?_?(?:model|net|network|student|student_model|main_model|base_model|generator|netG|net_g|gen|"
    r"classifier|clf|backbone_model|policy|encoder_decoder|unet|vae|gan|lstm|cnn|rnn|transformer|resnet|gpt|vit|"
    r"actor|learner_model)$"
)
WRAPPERS = frozenset({
    "DataParallel", "DistributedDataParallel", "DDP", "FSDP", "FullyShardedDataParallel", "Sequential", "Model",
    "Functional", "Pipeline", "make_pipeline", "GridSearchCV", "RandomizedSearchCV", "BertConfig", "Accelerator",
    "Trainer", "Learner", "Module", "ModuleList", "Wrapper", "Compose", "Path", "OneVsRestClassifier", "YOLO",
    "SentenceTransformer", "ClassificationModel", "Net", "ModelClass", "Estimator",
})  # fmt: skip

NO_ARCHITECTURE = re.compile(
    r"(?i)^(?:_|create|build|get|make|load|init|setup|define|dummy)|"
    r"(?:wrapper|adapter|config|trainer|parallel|searchcv|pipeline|loader|dataset)$"
)
"""Functions that build a model whose name stands elsewhere, and what is put around one."""

SEEDERS = {
    **dict.fromkeys(("manual_seed", "manual_seed_all"), "manual_seed"),
    **dict.fromkeys(("set_seed", "set_random_seed", "set_global_seed"), "set_seed"),
    **dict.fromkeys(
        ("random.seed", "np.random.seed", "numpy.random.seed", "PRNGKey", "fix_seed", "setup_seed"), "seed"
    ),
    **dict.fromkeys(("seed_all", "enable_full_determinism"), "seed"),
    "seed_everything": "seed_everything",
}
"""What a call that seeds a generator is written as."""

BOOSTERS = re.compile(r"^(?:XGB|LGBM|CatBoost|GradientBoosting|HistGradientBoosting|AdaBoost)\w*$")
NATIVE_BOOSTERS = re.compile(r"^(?:XGB|LGBM|CatBoost)")
ESTIMATORS = re.compile(
    r"(?:Classifier|Regressor|SVC|SVR|NB|LogisticRegression\w*|LinearRegression|Ridge\w*|Lasso\w*|ElasticNet\w*|"
    r"Perceptron|"
    r"SearchCV|IsolationForest|OneClassSVM|GaussianMixture|make_pipeline|Pipeline)$"
)
ESTIMATOR_NAME = re.compile(
    r"(?i)^(?:self\.)?_?(?:model|clf|classifier|reg|regressor|estimator|pipeline|pipe|svm|svc|rf|knn|lr|nb|dt|xgb|"
    r"lgbm?|cat\w*|best_model|ml_model|gb\w*|logreg|\w+_(?:model|clf|classifier|reg|regressor))$"
)

TRAINING_CALL = re.compile(
    r"(?i)^_?(?:run_?|do_?|start_?|launch_?)?(?:train|finetune|fine_tune|pretrain|fit)(?:er|ing)?(?:_?(?:model|"
    r"models|epoch|epochs|one_epoch|loop|step|network|net|"
    r"worker|fn|func|main|one|job|pipeline|iter|iterations|and_\w+|on_\w+|with_\w+|for_\w+|gan|vae|lstm|cnn|rnn|"
    r"gru|bert|gpt|mlp|transformer|autoencoder|"
    r"sft|dpo|ppo|grpo|lora|qlora|classifier|detector|segmentor|policy|agent|all|fold|kfold|cv|single|batch|val|"
    r"eval|validate|test|process))*$|^run_training\w*$|^training_loop\w*$|^trainIters$|^optimize_parameters$"
)
"""Functions and methods that are named for updating weights."""
TRAINER_NAME = re.compile(r"(?i)trainer|learner$|solver$|^runner$|\.runner$|^(?:self\.)?engine$|finetuner")

PARAMETER = re.compile(
    r"^(?:(?:train_|micro_|mini_)?batch_?size|(?:num_|n_|max_|total_|train_)?epochs?|num_train_epochs|"
    r"learning_rate|lr|base_lr|init_lr|max_lr|max_iters|max_steps|num_steps|num_iters|"
    r"train_steps|weight_decay|wd|seed|random_seed|max_seq_len(?:gth)?|seq_len(?:gth)?|block_size|max_length|"
    r"maxlen|gradient_accumulation_steps|grad_accum_steps|"
    r"accumulation_steps|warmup_steps|warmup_iters|warmup_ratio|grad_clip|max_grad_norm|dropout|model_name|"
    r"model_id|base_model|model_name_or_path|dataset_name|"
    r"lora_r|lora_alpha|lora_dropout|lr_scheduler_type|optim|load_in_4bit|load_in_8bit|device|bf16|fp16|use_4bit)$"
)
"""Lower-case names that can mean nothing but a training's setting."""

THIRD_PARTY = frozenset({
    "torch", "torchvision", "torchaudio", "torchtext", "numpy", "pandas", "tensorflow", "keras", "transformers",
    "sklearn",
    "matplotlib", "seaborn", "tqdm", "peft", "trl", "wandb", "mlflow", "scipy", "PIL", "cv2", "yaml", "accelerate",
    "deepspeed",
    "pytorch_lightning", "lightning", "jax", "jaxlib", "flax", "optax", "xgboost", "lightgbm", "catboost",
    "ultralytics", "timm",
    "bitsandbytes", "unsloth", "omegaconf", "hydra", "click", "typer", "fire", "absl", "huggingface_hub",
    "sentencepiece", "nltk",
    "spacy", "joblib", "requests", "einops", "albumentations", "plotly", "IPython", "google", "rich", "pydantic",
    "dotenv",
    "tensorboard", "tensorboardX", "psutil", "gym", "gymnasium", "stable_baselines3", "networkx", "skimage",
    "torchmetrics", "h5py",
    "tokenizers", "safetensors", "sentence_transformers", "tensorflow_datasets", "imblearn", "optuna", "ray",
    "fastai", "paddle",
    "mmcv", "mmdet", "mmseg", "mmengine", "detectron2", "librosa", "soundfile", "whisper", "diffusers", "faiss",
    "langchain", "openai",
    "torch_geometric", "dgl", "rdkit", "gensim", "statsmodels", "six", "tyro", "simple_parsing", "packaging",
    "setuptools", "six.moves",
})  # fmt: skip
"""Top-level packages that no local module is taken for."""


def is_training_name(name: str) -> bool:
    """Whether a function or method is named for updating weights."""
    return len(name) <= 60 and TRAINING_CALL.match(name) is not None


def role_of(*names: str) -> bool:
    """Whether any of the names tells of another part than the trained one (a teacher, a discriminator, a reference)."""
    return any(OTHER_ROLE.search(_split(name)) is not None for name in names if name)


def _split(name: str) -> str:
    """`netD` -> `net_D`, so that the words of a name can be told apart."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name)


def is_optimizer(name: str) -> bool:
    """Whether a dotted name is an optimizer's class."""
    head, _, tail = name.rpartition(".")
    return tail in OPTIMIZERS or (
        tail in LOWER_OPTIMIZERS and head.rpartition(".")[2] in ("optax", "optimizers", "optim", "legacy", "optimizer")
    )


def is_scheduler(name: str) -> bool:
    """Whether a dotted name is a learning-rate schedule."""
    tail = name.rpartition(".")[2]
    return tail in SCHEDULERS or HF_SCHEDULE.match(tail) is not None
