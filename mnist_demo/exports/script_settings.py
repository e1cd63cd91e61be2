"""The settings at the head of an exported script, with the hyperparameters' defaults: `script` writes a run's there."""

SEED = 0
EPOCHS = 5
BATCH_SIZE = 100
LEARNING_RATE = 0.5
MOMENTUM = 0.9
WEIGHT_DECAY = 0.0
HIDDEN_SIZES = (128,)
ACTIVATION = "relu"  # or tanh, gelu, none
DROPOUT = 0.0
LABEL_SMOOTHING = 0.0
MARGIN = True  # of zeros around the image, for the first filters
PRECISION = "float32"  # or bfloat16: of convolutions while they learn
TRAINING_SIZE = 60_000  # images, from the beginning of the training set
VALIDATION_SIZE = 0  # images, from the end of the training set: measured as test images are, not learned from
HARD_SHARE = 1.0  # of the training images, those with the highest loss: learned from after the first epoch
SYNTHETIC_DIGITS = 0
BUILTIN_COPIES = 0
NON_DIGITS = 0  # drawings that have no label
# What was changed while the run went on: after so many steps, the value from there on.
LEARNING_RATES = {0: 0.5}
BATCH_SIZES = {0: 100}
WEIGHT_DECAYS = {0: 0.0}
DROPOUTS = {0: 0.0}
LABEL_SMOOTHINGS = {0: 0.0}
STOPPED_AFTER_STEP = 0
# SHA-256 of the training images that the run learned from, as an IDX file holds them.
DIGEST = ""
