"""Who proposes: one protocol, and its implementations (rules, a language model, chance)."""
