"""Küçük bir GPT-2'yi Türkçe cümlelerle sıfırdan eğitir."""

import argparse
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    DataCollatorForLanguageModeling,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    Trainer,
    TrainingArguments,
)

parser = argparse.ArgumentParser()
parser.add_argument("--data", default="data/cumleler.txt")
parser.add_argument("--out", default="out")
parser.add_argument("--lr", type=float, default=5e-4)
parser.add_argument("--epochs", type=float, default=6)
parser.add_argument("--batch", type=int, default=4)
parser.add_argument("--accum", type=int, default=2)
parser.add_argument("--optim", default="adamw_torch")
parser.add_argument("--max_grad_norm", type=float, default=1.0)
parser.add_argument("--fp16", action="store_true")
parser.add_argument("--deepspeed", default=None)
args = parser.parse_args()

transformers.logging.set_verbosity_info()

lines = Path(args.data).read_text(encoding="utf-8").splitlines()

bpe = Tokenizer(models.BPE())
bpe.pre_tokenizer = pre_tokenizers.ByteLevel()
bpe.decoder = decoders.ByteLevel()
bpe.train_from_iterator(lines, trainers.BpeTrainer(vocab_size=400, special_tokens=["<son>"], show_progress=False))
Path("tokenizer").mkdir(exist_ok=True)
bpe.model.save("tokenizer")
tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<son>", pad_token="<son>")


class Cumleler(torch.utils.data.Dataset):
    def __init__(self, lines):
        self.items = [tokenizer(line + "<son>", truncation=True, max_length=32) for line in lines]

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


config = GPT2Config(vocab_size=len(tokenizer), n_positions=32, n_embd=48, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
model = GPT2LMHeadModel(config)

training_args = TrainingArguments(
    output_dir=args.out,
    learning_rate=args.lr,
    num_train_epochs=args.epochs,
    per_device_train_batch_size=args.batch,
    gradient_accumulation_steps=args.accum,
    optim=args.optim,
    max_grad_norm=args.max_grad_norm,
    weight_decay=0.01,
    lr_scheduler_type="cosine",
    warmup_steps=5,
    fp16=args.fp16,
    deepspeed=args.deepspeed,
    logging_steps=4,
    logging_nan_inf_filter=False,
    eval_strategy="epoch",
    save_strategy="epoch",
    save_total_limit=2,
    report_to="none",
    seed=42,
)
trainer = Trainer(
    model=model,
    args=training_args,
    train_dataset=Cumleler(lines[:32]),
    eval_dataset=Cumleler(lines[32:]),
    data_collator=DataCollatorForLanguageModeling(tokenizer, mlm=False),
)
result = trainer.train()
trainer.log_metrics("train", result.metrics)
trainer.save_metrics("train", result.metrics)
trainer.save_state()
metrics = trainer.evaluate()
trainer.log_metrics("eval", metrics)
trainer.save_metrics("eval", metrics)
