"""The Hugging Face Hub: push a build with its dataset card. Start at `push.push`."""
