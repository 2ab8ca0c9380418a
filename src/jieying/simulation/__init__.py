"""What response times would be under another policy, number of units or posting: discrete events, the live rules."""
