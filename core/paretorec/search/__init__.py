"""The search: policies are proposed, judged and kept; what is worth keeping becomes the front."""
