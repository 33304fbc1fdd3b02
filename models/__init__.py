"""What turns an article into labels, and where trained versions lie."""
