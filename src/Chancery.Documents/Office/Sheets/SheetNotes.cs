namespace Chancery.Documents;

/// <summary>What people wrote about a sheet's cells, told after the rows that it is about.</summary>
internal sealed class SheetNotes
{
    private readonly Queue<(int Row, string Place, string Text)> _notes;

    public SheetNotes(OfficePackage package, string sheet)
    {
        var notes = new List<(int Row, int Column, string Text)>();
        var threaded = new HashSet<string>();
        foreach (var part in package.Related(sheet, "threadedComment"))
        {
            foreach (var comment in package.Load(part)?.All("tc:threadedComment") ?? [])
            {
                Add(notes, comment["ref"], comment.Child("tc:text")?.Text ?? "");
                threaded.Add(comment["ref"] ?? "");
            }
        }

        foreach (var part in package.Related(sheet, "comments"))
        {
            foreach (var comment in package.Load(part)?.Child("x:commentList")?.All("x:comment") ?? [])
            {
                // For older programs a thread is kept as a comment, too, under a notice.
                if (comment.Child("x:text") is { } text && !threaded.Contains(comment["ref"] ?? ""))
                {
                    Add(notes, comment["ref"], SharedStrings.RichText(text));
                }
            }
        }

        _notes = new Queue<(int, string, string)>(
            notes
                .OrderBy(note => note.Row)
                .ThenBy(note => note.Column)
                .Select(note => (note.Row, CellName.Of(note.Column, note.Row), note.Text))
        );
    }

    public bool IsEmpty => _notes.Count == 0;

    /// <summary>Adds those up to a row that were not added yet.</summary>
    public void AddTo(BlockWriter blocks, int upToRow = CellName.MaxRow)
    {
        while (_notes.TryPeek(out var note) && note.Row <= upToRow)
        {
            _notes.Dequeue();
            blocks.Add(BlockKind.Note, note.Text, 0, note.Place);
        }
    }

    private static void Add(List<(int Row, int Column, string Text)> notes, string? cell, string text)
    {
        if (CellName.Parse(cell ?? "") is var (column, row))
        {
            notes.Add((row, column, text));
        }
    }
}
