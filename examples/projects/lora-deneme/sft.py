"""Küçük bir Llama'ya LoRA ile talimat eğitimi (TRL); W&B çevrimdışı."""

import os

from datasets import Dataset
from peft import LoraConfig
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast
from trl import SFTConfig, SFTTrainer

os.environ["WANDB_MODE"] = "offline"
os.environ["WANDB_PROJECT"] = "lora-deneme"

sorular = ["Kedi ne yer?", "Deniz ne renk?", "Kar ne zaman yağar?", "Ekmek nerede pişer?", "Tren nereye gider?"]
yanitlar = ["Balık yer.", "Mavi.", "Kışın yağar.", "Fırında pişer.", "İstasyona gider."]
metinler = [f"Soru: {s} Yanıt: {y}" for s, y in zip(sorular, yanitlar)] * 8

bpe = Tokenizer(models.BPE())
bpe.pre_tokenizer = pre_tokenizers.ByteLevel()
bpe.decoder = decoders.ByteLevel()
bpe.train_from_iterator(metinler, trainers.BpeTrainer(vocab_size=300, special_tokens=["<son>"], show_progress=False))
tokenizer = PreTrainedTokenizerFast(tokenizer_object=bpe, eos_token="<son>", pad_token="<son>")

model = LlamaForCausalLM(
    LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=64, intermediate_size=128, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=64,
    )
)
trainer = SFTTrainer(
    model=model,
    processing_class=tokenizer,
    args=SFTConfig(
        output_dir="sft-out",
        run_name="llama-mini-lora",
        learning_rate=1e-3,
        max_steps=30,
        per_device_train_batch_size=8,
        max_length=64,
        optim="adamw_torch",
        lr_scheduler_type="linear",
        bf16=False,
        logging_steps=3,
        save_strategy="no",
        report_to=["wandb", "tensorboard"],
        use_cpu=True,
        seed=9,
    ),
    train_dataset=Dataset.from_dict({"text": metinler}),
    peft_config=LoraConfig(r=8, lora_alpha=16, lora_dropout=0.05, target_modules=["q_proj", "v_proj"]),
)
trainer.train()
