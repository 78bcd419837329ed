"""An editor for the extension without VS Code: `vscode.js` is the module `vscode`, `driver.py` works it."""
