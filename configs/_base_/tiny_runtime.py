# For recipes whose epochs take 250 steps: a checkpoint after each.
_base_ = './default_runtime.py'

default_hooks = dict(checkpoint=dict(interval=250))
