"""The speeds in force on the city's roads: those of the pack until an administrator sets others."""
