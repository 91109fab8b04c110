"""What each Lambda function does, one module a function; handlers parse an event and call one of these."""
