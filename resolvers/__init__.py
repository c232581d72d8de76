"""What is true: who may see what, the billing window, the count, the merge of logins."""
