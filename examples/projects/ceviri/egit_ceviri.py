"""İngilizce-Türkçe çeviri için T5 ince ayarı. Henüz çalıştırılmadı: veri bekleniyor."""

from transformers import AutoModelForSeq2SeqLM, AutoTokenizer, Seq2SeqTrainer, Seq2SeqTrainingArguments

MODEL = "google/mt5-small"

if __name__ == "__main__":
    tokenizer = AutoTokenizer.from_pretrained(MODEL)
    model = AutoModelForSeq2SeqLM.from_pretrained(MODEL)
    args = Seq2SeqTrainingArguments(
        output_dir="mt5-en-tr",
        learning_rate=3e-4,
        num_train_epochs=4,
        per_device_train_batch_size=16,
        gradient_accumulation_steps=4,
        optim="adafactor",
        bf16=True,
        seed=13,
    )
    Seq2SeqTrainer(model=model, args=args, processing_class=tokenizer).train()
