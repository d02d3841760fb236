"""What people hold in their hands: a model, a method, a layer and a target, built once and used often."""
