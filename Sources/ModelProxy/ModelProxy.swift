// The room for model APIs: one OpenAI-compatible interface over many providers.
