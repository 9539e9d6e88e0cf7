"""The language model's side: whom to ask, whether one may, what it costs, and what was said. No prompts."""
