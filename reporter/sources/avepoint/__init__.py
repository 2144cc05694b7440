"""AvePoint's Graph API: tokens, retries and paging in both generations; and an emulator of it."""
