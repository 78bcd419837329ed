"""Edits as an editor makes them: one for a document, and with it one step back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

if TYPE_CHECKING:
    from glm_lsp.docstring.proposal import Proposal
    from glm_lsp.lsp.document import Documents


def workspace_edit(
    documents: Documents, proposal: Proposal, capabilities: types.ClientCapabilities
) -> types.WorkspaceEdit:
    """What puts a proposal into its document, which must be open and as it was.

    With the document's version where the editor understands that, so that it refuses what comes too late.
    """
    snapshot = proposal.snapshot
    edits: list[types.TextEdit] = []
    for insertion in proposal.insertions:
        place = types.Position(*documents.place(snapshot.uri, insertion.offset))
        edits.append(types.TextEdit(range=types.Range(place, place), new_text=insertion.text))
    workspace = capabilities.workspace
    can = workspace.workspace_edit if workspace else None
    if not (can and can.document_changes):
        return types.WorkspaceEdit(changes={snapshot.uri: edits})
    document = types.OptionalVersionedTextDocumentIdentifier(uri=snapshot.uri, version=snapshot.version)
    return types.WorkspaceEdit(
        document_changes=[types.TextDocumentEdit(text_document=document, edits=list(edits))]
    )
