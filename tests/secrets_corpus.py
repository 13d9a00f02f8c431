"""A seeded corpus: secrets of many formats in the words that people put around them, and what merely looks like one.

All secrets are made up here, character by character; none was ever valid.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from typing import NamedTuple

LOWER, DIGITS = string.ascii_lowercase, string.digits
ALNUM = string.ascii_letters + string.digits
HEX = "0123456789abcdef"
URLSAFE = ALNUM + "-_"
BASE64 = ALNUM + "+/"

Make = Callable[[random.Random], str]


class Sample(NamedTuple):
    """A text as it stands in a file."""

    format: str
    text: str
    """With its surroundings."""
    parts: tuple[str, ...]
    """What may not occur in any output; of a near-miss, what must be left alone."""


def some(alphabet: str, n: int, prefix: str = "", suffix: str = "") -> Make:
    """A prefix and `n` characters, a digit and a letter among them where the alphabet has both."""

    def make(rng: random.Random) -> str:
        body = [rng.choice(alphabet) for _ in range(n)]
        if n >= 8 and "7" in alphabet and "b" in alphabet:
            body[1], body[4] = "7", "b"
        return prefix + "".join(body) + suffix

    return make


def _jwt(rng: random.Random) -> str:
    def part(value: object) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    head, body = part({"alg": "HS256", "typ": "JWT"}), part({"sub": rng.randrange(10**9), "name": "ayse"})
    return f"{head}.{body}.{some(URLSAFE, 43)(rng)}"


def _neptune(rng: random.Random) -> str:
    text = json.dumps({"api_address": "https://app.example", "api_key": some(HEX, 36)(rng)}, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def _password(rng: random.Random) -> str:
    words = ("kedi", "deniz", "winter", "Falcon", "tiger", "Elma")
    return f"{rng.choice(words)}{rng.choice('!_-#')}{rng.randrange(10, 9999)}{rng.choice(LOWER)}{rng.choice(LOWER)}"


def _plain_password(rng: random.Random) -> str:
    return "".join(rng.choice(LOWER) for _ in range(12)) + str(rng.randrange(10, 99))


def _basic(rng: random.Random) -> str:
    return base64.b64encode(f"ayse:{_password(rng)}".encode()).decode()


SECRETS: dict[str, tuple[Make, tuple[str, ...]]] = {
    "huggingface": (some(ALNUM, 34, "hf_"), ("{}", "--hub_token {}", "HF_TOKEN={}")),
    "huggingface_org": (some(ALNUM, 34, "api_org_"), ("{}", "token: {}")),
    "openai": (some(ALNUM, 48, "sk-"), ("{}", "OPENAI_API_KEY={}", "'Authorization': 'Bearer {}'")),
    "openai_project": (some(URLSAFE, 100, "sk-proj-"), ("{}", "openai.api_key = '{}'")),
    "anthropic": (some(URLSAFE, 93, "sk-ant-api03-", "AA"), ("{}", "ANTHROPIC_API_KEY={}", "x-api-key: {}")),
    "openrouter": (some(HEX, 64, "sk-or-v1-"), ("{}", "--api-key {}")),
    "wandb": (some(HEX, 40),
              ("WANDB_API_KEY={}", "wandb login {}", "wandb.login(key='{}')", "wandb login --relogin {}")),
    "wandb_v1": (some(ALNUM + "_", 77, "wandb_v1_"), ("{}", "WANDB_API_KEY={}")),
    "github": (some(ALNUM, 36, "ghp_"), ("{}", "https://{}@github.com/a/b.git", "GITHUB_TOKEN={}")),
    "github_server": (some(ALNUM, 36, "ghs_"), ("{}", "https://x-access-token:{}@github.com/a/b")),
    "github_fine": (some(ALNUM + "_", 82, "github_pat_"), ("{}",)),
    "gitlab": (some(URLSAFE, 20, "glpat-"), ("{}", "PRIVATE-TOKEN: {}", "https://oauth2:{}@gitlab.com/a/b")),
    "gitlab_deploy": (some(URLSAFE, 20, "gldt-"), ("{}",)),
    "aws_key_id": (some(string.ascii_uppercase + "234567", 16, "AKIA"), ("{}", "AWS_ACCESS_KEY_ID={}")),
    "aws_secret": (some(BASE64, 40),
              ("AWS_SECRET_ACCESS_KEY={}", "aws_secret_access_key = {}", '"SecretAccessKey": "{}"')),
    "aws_session": (some(BASE64, 200), ("AWS_SESSION_TOKEN={}", "aws_session_token = {}")),
    "google_key": (some(URLSAFE, 35, "AIza"), ("{}", "GOOGLE_API_KEY={}", "https://maps.example/api?key={}")),
    "google_oauth": (some(URLSAFE, 60, "ya29."), ("{}", "access_token={}")),
    "google_client": (some(URLSAFE, 28, "GOCSPX-"), ("{}",)),
    "azure_storage": (some(BASE64, 86, suffix="=="),
              ("DefaultEndpointsProtocol=https;AccountName=veri;AccountKey={};",)),
    "azure_sas": (some(ALNUM, 43, suffix="%3D"), ("https://veri.blob.core.windows.net/c?sv=2022&sr=c&sig={}",)),
    "azure_client": (lambda r: f"{some(ALNUM, 3)(r)}8Q~{some(ALNUM, 34)(r)}", ("{}", "AZURE_CLIENT_SECRET={}")),
    "azure_openai": (some(HEX, 32), ("AZURE_OPENAI_API_KEY={}", "api_key='{}'")),
    "slack_bot": (lambda r: f"xoxb-{some(DIGITS, 12)(r)}-{some(DIGITS, 12)(r)}-{some(ALNUM, 24)(r)}", ("{}",)),
    "slack_hook": (lambda r: f"T0{some(ALNUM, 8)(r)}/B0{some(ALNUM, 8)(r)}/{some(ALNUM, 24)(r)}",
                   ("https://hooks.slack.com/services/{}",)),
    "discord_hook": (lambda r: f"{some(DIGITS, 18)(r)}/{some(URLSAFE, 68)(r)}",
              ("https://discord.com/api/webhooks/{}",)),
    "telegram": (lambda r: f"{r.randrange(10**8, 10**10)}:AA{some(URLSAFE, 33)(r)}",
                 ("{}", "https://api.telegram.org/bot{}/sendMessage")),
    "jwt": (_jwt, ("{}", "Authorization: Bearer {}", "--auth-token {}")),
    "neptune": (_neptune, ("{}", "NEPTUNE_API_TOKEN={}")),
    "comet": (some(ALNUM, 25), ("COMET_API_KEY={}", "api_key: {}")),
    "clearml": (some(ALNUM, 50), ("CLEARML_API_SECRET_KEY={}", '"secret_key": "{}"')),
    "kaggle": (some(HEX, 32), ('{{"username":"ayse","key":"{}"}}', "KAGGLE_KEY={}")),
    "databricks": (some(HEX, 32, "dapi"), ("{}", "DATABRICKS_TOKEN={}")),
    "replicate": (some(ALNUM, 37, "r8_"), ("{}",)),
    "groq": (some(ALNUM, 52, "gsk_"), ("{}",)),
    "nvidia": (some(URLSAFE, 64, "nvapi-"), ("{}", "NGC_API_KEY={}")),
    "langsmith": (lambda r: f"lsv2_pt_{some(HEX, 32)(r)}_{some(HEX, 10)(r)}", ("{}",)),
    "npm": (some(ALNUM, 36, "npm_"), ("{}", "//registry.npmjs.org/:_authToken={}")),
    "pypi": (some(URLSAFE, 120, "pypi-AgEIcHlwaS5vcmc"), ("{}", "TWINE_PASSWORD={}")),
    "docker": (some(URLSAFE, 27, "dckr_pat_"), ("{}", "docker login -u ayse -p {}")),
    "docker_auth": (_basic, ('"auth": "{}"', "Authorization: Basic {}")),
    "stripe": (some(ALNUM, 24, "sk_live_"), ("{}",)),
    "sendgrid": (lambda r: f"SG.{some(URLSAFE, 22)(r)}.{some(URLSAFE, 43)(r)}", ("{}", "SENDGRID_API_KEY={}")),
    "vault": (some(URLSAFE, 90, "hvs."), ("{}", "VAULT_TOKEN={}")),
    "digitalocean": (some(HEX, 64, "dop_v1_"), ("{}",)),
    "jupyter": (some(HEX, 48), ("http://127.0.0.1:8888/lab?token={}", "http://sunucu:8888/?token={}")),
    "url_password": (_password, ("https://ayse:{}@example.org/veri.zip", "ftp://ayse:{}@10.0.0.5/veri")),
    "postgres": (_password, ("postgresql://mlflow:{}@db:5432/mlflow", "postgres://u:{}@db.example.org/x")),
    "mysql": (_password, ("mysql+pymysql://root:{}@localhost/optuna", "mysql -u root -p{} optuna", "MYSQL_PWD={}")),
    "redis": (_password, ("redis://:{}@cache:6379/0", "rediss://default:{}@cache:6379")),
    "mongodb": (_password, ("mongodb+srv://ayse:{}@cluster0.example.net/sacred", "mongodb://ayse:{}@db:27017/x")),
    "password_flag": (_password, ("--password {}", "--db-password={}", "--smtp_password '{}'")),
    "password_assigned": (_password,
              ("password = '{}'", "DB_PASSWORD={}", '"password": "{}"', "parola: {}", "şifre = '{}'")),
    "password_word": (_plain_password, ("password: {}", "PGPASSWORD={}", "SMTP_PASS={}", "--passwd {}")),
    "curl_user": (_password, ("curl -u ayse:{} https://example.org/veri", "curl --user ayse:{} https://example.org")),
    "sshpass": (_password, ("sshpass -p '{}' ssh ayse@sunucu",)),
    "netrc": (some(HEX, 40), ("machine api.wandb.ai login user password {}",)),
    "bearer": (some(URLSAFE, 40), ("Authorization: Bearer {}", "-H 'Authorization: Bearer {}'")),
    "signed_url": (some(HEX, 64), ("https://b.s3.amazonaws.com/k.pt?X-Amz-Expires=60&X-Amz-Signature={}",)),
    "cookie": (some(ALNUM, 32), ("Cookie: session={}; theme=dark",)),
    "argument_list": (_password, ("['train.py', '--password', '{}']", 'os.environ.setdefault("API_KEY", "{}")')),
    "email": (lambda r: f"{some(LOWER, 6)(r)}.{some(LOWER, 7)(r)}@{some(LOWER, 5)(r)}.edu.tr",
              ("{}", "--mail-user={}")),
}  # fmt: skip
"""Format -> how to make one, and the words around it."""

_MODELS = ("bert-base-uncased", "sk-learn-experiments-2024-01-long-name", "gpt2-medium", "hf_internal-testing")

NEAR_MISSES: dict[str, tuple[Make, tuple[str, ...]]] = {
    "git_commit": (some(HEX, 40), ("commit {}", "git_commit={}", "HEAD is now at {}", '"commit": "{}"')),
    "git_short": (some(HEX, 7), ("git: {}", "sha={}")),
    "sha256": (some(HEX, 64), ("sha256:{}", "sha256sum {}  model.bin", "checksum = {}", "--hash=sha256:{}")),
    "md5": (some(HEX, 32), ("md5: {}", "{}  train.zip", "cache_key={}", "fingerprint: {}")),
    "uuid": (lambda r: "-".join(some(HEX, n)(r) for n in (8, 4, 4, 4, 12)), ("run {}", "experiment_id: {}", "id={}")),
    "gpu_uuid": (lambda r: "GPU-" + "-".join(some(HEX, n)(r) for n in (8, 4, 4, 4, 12)), ("device {}", "UUID: {}")),
    "wandb_run": (some(LOWER + DIGITS, 8), ("wandb/run-20240101_123456-{}", "run id: {}", "wandb: run {}")),
    "mlflow_run": (some(HEX, 32), ("mlruns/0/{}/artifacts", "run_id: {}", "run_uuid={}")),
    "hub_revision": (some(HEX, 40), ("models--gpt2/snapshots/{}", "revision={}", "gpt2@{}")),
    "docker_digest": (some(HEX, 64), ("nvcr.io/nvidia/pytorch@sha256:{}", "docker://img:tag@sha256:{}")),
    "base64_image": (some(BASE64, 120, "iVBORw0KGgo"), ("data:image/png;base64,{}", '"image/png": "{}"')),
    "long_number": (some(DIGITS, 19), ("seed={}", "num_tokens: {}", "n_params = {}", "token: {}")),
    "timestamp": (lambda r: f"2024-0{r.randrange(1, 9)}-1{r.randrange(9)}T12:34:56.{r.randrange(10**6):06d}",
              ("{}", "at {}")),
    "token_counts": (some(DIGITS, 9), ("tokens/s: {}", "total_tokens={}", "max_new_tokens={}", "tokens: {}")),
    "special_tokens": (lambda r: f"<|reserved_special_token_{r.randrange(999)}|>", ("pad_token: {}", 'eos_token="{}"')),
    "token_names": (lambda r: f"image_placeholder_token_{r.randrange(9999):04d}", ("image_token: {}", "mask_token={}")),
    "token_flags": (lambda r: str(r.randrange(10**4)), ("--max-tokens {}", "--num_tokens {}", "--tokens-per-batch {}")),
    "tokenizer": (lambda r: f"{r.choice(_MODELS)}-{r.randrange(10**4)}", ("tokenizer: {}", "--tokenizer {}")),
    "unset": (lambda r: r.choice(("None", "null", "True", "<HUB_TOKEN>", "$HF_TOKEN", "${HF_TOKEN}")),
              ("hub_token={}", "api_key: {}", "--password {}", "--use_auth_token {}")),
    "from_environment": (lambda r: f"os.environ['KEY_{r.randrange(99)}']", ("api_key = {}", "password={}")),
    "from_settings": (lambda r: f"settings.section{r.randrange(99)}.db_password", ("password={}", "secret = {}")),
    "annotations": (lambda r: r.choice(("str", "Optional[str]", "str = None", "bytes")),
              ("password: {}", "api_key: {}")),
    "code_product": (lambda r: f"q{r.randrange(9)}@k.transpose(-2, -1)", ("scores = {}", "x = {} / 8")),
    "decorated": (lambda r: f"@dataclass{r.randrange(99)}", ("{}", "use {}")),
    "pinned": (lambda r: f"package@{r.randrange(9)}.{r.randrange(20)}.{r.randrange(9)}", ("install {}", "{}")),
    "metric_at": (lambda r: f"{r.choice(('map', 'prec', 'recall', 'ndcg'))}@{r.randrange(1, 100)}", ("{}", "val {}")),
    "ssh_address": (lambda r: f"git@github.com:lab{r.randrange(99)}/repo.git", ("clone {}", "origin {}")),
    "ports": (lambda r: f"http://localhost:{r.randrange(1024, 65000)}/a@b", ("serving {}", "at {}")),
    "master": (lambda r: f"tcp://10.0.0.{r.randrange(255)}:{r.randrange(1024, 65000)}", ("init {}", "--dist-url {}")),
    "paths": (lambda r: f"/data/veri/run_{r.randrange(10**6)}/checkpoint-500",
              ("PWD={}", "saved {}", "--output_dir {}")),
    "run_names": (lambda r: f"gpt2-lr5e-05-bs{r.randrange(64)}-seed{r.randrange(10**4)}",
              ("name: {}", "--run_name {}")),
    "slurm_job": (some(DIGITS, 8), ("Submitted batch job {}", "slurm-{}.out")),
    "event_file": (some(DIGITS, 10), ("events.out.tfevents.{}.sunucu.123.0", "tfevents.{}")),
    "hydra": (lambda r: f"lr={r.random():.4f},seed={r.randrange(10**6)}", ("multirun/{}", "{}")),
    "learning_words": (lambda r: f"layer{r.randrange(99)}.self_attn.k_proj.weight", ("key: {}", "missing keys: {}")),
    "attention_keys": (lambda r: f"key_{r.randrange(10**6)}_value_{r.randrange(10**6)}", ("past {}", "cache {}")),
    "metric_key": (lambda r: f"eval_accuracy_{r.randrange(10**4)}", ("metric_for_best_model={}", "key={}")),
    "conda_build": (lambda r: f"pytorch-2.1.0-py3.11_cuda12.1_cudnn8.9.2_{r.randrange(9)}", ("{}", "build: {}")),
    "model_hash": (some(HEX, 8), ("v1-5-pruned-emaonly-{}.safetensors", "model hash: {}")),
    "etag": (some(HEX, 32), ('etag: "{}"', "ETag: {}")),
    "passes": (lambda r: f"{r.random() * 20:.3f}", ("forward_pass={}", "backward pass: {}", "pass: {}")),
    "prose": (lambda r: f"{r.randrange(2, 99)}", ("the secret of training {} models", "login to node {} failed")),
}  # fmt: skip


def samples(table: dict[str, tuple[Make, tuple[str, ...]]], each: int, seed: int) -> list[Sample]:
    """`each` samples of every format, the words around them in turn."""
    rng = random.Random(seed)
    found = []
    for name, (make, forms) in table.items():
        if "{}" in forms:
            forms = (*forms, "/data/run_{}/model.pt", "x={};y=1")
        for n in range(each):
            secret = make(rng)
            found.append(Sample(name, forms[n % len(forms)].format(secret), (secret,)))
    return found


def private_key(rng: random.Random, kind: str = "RSA ") -> Sample:
    """A private key of many lines."""
    body = tuple(some(BASE64, 64)(rng) for _ in range(12))
    text = "\n".join((f"-----BEGIN {kind}PRIVATE KEY-----", *body, f"-----END {kind}PRIVATE KEY-----"))
    return Sample("private_key", text, body)


def main() -> None:
    """Print how many of the secrets of 20 seeds come through the patterns, and how many look-alikes are masked."""
    from scanner.knowledge import mask_secrets

    seeds = range(100, 120)
    secrets = [s for seed in seeds for s in samples(SECRETS, 8, seed)]
    others = [s for seed in seeds for s in samples(NEAR_MISSES, 8, seed)]
    missed = [s for s in secrets if any(part in mask_secrets(s.text) for part in s.parts)]
    wrongly = [s for s in others if mask_secrets(s.text) != s.text]
    for sample in (*missed, *wrongly):
        print(f"{sample.format}: {sample.text}")
    print(f"{len(missed)} of {len(secrets)} secrets missed, {len(wrongly)} of {len(others)} look-alikes masked")


if __name__ == "__main__":
    main()
