"""Eğitilmiş modelden cümle üretir."""

import sys

import torch
from transformers import GPT2LMHeadModel, PreTrainedTokenizerFast
from transformers.utils import logging

logging.disable_progress_bar()
klasor = sys.argv[1]
tokenizer = PreTrainedTokenizerFast.from_pretrained(klasor)
model = GPT2LMHeadModel.from_pretrained(klasor).eval()
print(f"Model yüklendi: {klasor} (cpu, batch_size=1)")
torch.manual_seed(0)
for i, bas in enumerate(["Sabah", "Kedi", "Akşam"], 1):
    girdi = tokenizer(bas, return_tensors="pt", return_token_type_ids=False)
    cikti = model.generate(**girdi, max_new_tokens=12, do_sample=True, pad_token_id=0)
    kayip = model(**girdi, labels=girdi["input_ids"]).loss.item()
    print(f"[{i}/3] {tokenizer.decode(cikti[0])!r} loss: {kayip:.3f}")
