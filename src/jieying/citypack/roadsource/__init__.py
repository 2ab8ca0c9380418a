"""A city's roads from outside data: OpenStreetMap extracts, tables of nodes and edges, GraphML."""
