# The same for models that can see already: epochs of 100 steps.
_base_ = './synthetic-scenes-64px.py'

train_dataloader = dict(dataset=dict(num_scenes=6400))
