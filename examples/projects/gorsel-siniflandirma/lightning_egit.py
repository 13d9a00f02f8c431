"""Rakamları (8x8, scikit-learn ile gelir) küçük bir evrişimli ağla sınıflar; PyTorch Lightning."""

import lightning as L
import torch
from lightning.pytorch.loggers import CSVLogger
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class RakamAgi(L.LightningModule):
    def __init__(self, lr=3e-3, weight_decay=1e-4, kanal=8):
        super().__init__()
        self.save_hyperparameters()
        self.ag = nn.Sequential(
            nn.Conv2d(1, kanal, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(kanal * 16, 10)
        )
        self.kayip = nn.CrossEntropyLoss()

    def training_step(self, batch, _):
        x, y = batch
        loss = self.kayip(self.ag(x), y)
        self.log("train_loss", loss, prog_bar=True, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, _):
        x, y = batch
        out = self.ag(x)
        self.log("val_loss", self.kayip(out, y), prog_bar=True)
        self.log("val_acc", (out.argmax(1) == y).float().mean(), prog_bar=True)

    def configure_optimizers(self):
        return torch.optim.AdamW(self.parameters(), lr=self.hparams.lr, weight_decay=self.hparams.weight_decay)


if __name__ == "__main__":
    L.seed_everything(11)
    X, y = load_digits(return_X_y=True)
    veri = TensorDataset(torch.tensor(X, dtype=torch.float32).reshape(-1, 1, 8, 8) / 16, torch.tensor(y))
    egitim, dogrulama = torch.utils.data.random_split(veri, [1437, 360])
    trainer = L.Trainer(max_epochs=5, accelerator="cpu", logger=CSVLogger("."), log_every_n_steps=10)
    trainer.fit(RakamAgi(), DataLoader(egitim, batch_size=64, shuffle=True), DataLoader(dogrulama, batch_size=64))
