model = dict(type="cascade", backbone=dict(type="ResNet", norm_cfg=dict(type="BN", momentum=0.1)))
optim_wrapper = dict(optimizer=dict(type="SGD", lr=0.02, momentum=0.9, weight_decay=0.0001))
train_cfg = dict(type="EpochBasedTrainLoop", max_epochs=12, val_interval=1)
train_dataloader = dict(batch_size=2, num_workers=2)
device = "cuda"
