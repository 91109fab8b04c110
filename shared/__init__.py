"""What the Lambda functions share: the domain, the ports to AWS and to providers, and the media code."""
