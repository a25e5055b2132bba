"""A family composes parts into a model that is built from a card. Each folder has what it needs of these:

network (tensors alone), words (its prompts and tokens), files (reading and writing), keys (official names of weights),
predictor (pictures and questions in, answers out) and golden (recorded runs of the released code, run again).
"""
