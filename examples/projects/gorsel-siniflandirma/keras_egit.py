"""Aynı rakamlar, Keras ile."""

import sys

import keras
from sklearn.datasets import load_digits

keras.utils.set_random_seed(3)
X, y = load_digits(return_X_y=True)
X = X.reshape(-1, 8, 8, 1) / 16
n_sinif = int(sys.argv[1]) if len(sys.argv) > 1 else 10

model = keras.Sequential(
    [
        keras.layers.Input((8, 8, 1)),
        keras.layers.Conv2D(8, 3, activation="relu"),
        keras.layers.Flatten(),
        keras.layers.Dense(32, activation="relu"),
        keras.layers.Dense(n_sinif, activation="softmax"),
    ],
    name="rakam_cnn",
)
model.compile(
    optimizer=keras.optimizers.RMSprop(learning_rate=0.002),
    loss="sparse_categorical_crossentropy" if n_sinif == 10 else "categorical_crossentropy",
    metrics=["accuracy"],
)
model.fit(X[:1437], y[:1437], validation_data=(X[1437:], y[1437:]), epochs=8, batch_size=32)
