"""The anti-fraud desk: what a victim of fraud needs within minutes, a request to the bank to stop the payment."""
