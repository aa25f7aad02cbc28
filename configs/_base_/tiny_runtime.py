# For recipes of some hundreds of steps: a checkpoint after each hundred.
_base_ = './default_runtime.py'

default_hooks = dict(checkpoint=dict(interval=100))
