using System.Globalization;

namespace Chancery.Documents;

/// <summary>
/// Cuts a sheet into pages of some 4,000 to 8,000 characters, at rows. Where a page ends is decided by the rows around that place,
/// so that an inserted row changes the pages near it and not all that follow.
/// </summary>
internal sealed class SheetPages(OfficePackage package, string part, string name)
{
    private const int MinLength = 4000;
    private const int MaxLength = 8000;
    private const uint CutOneIn = 8;

    /// <summary>Of tabs for the empty cells of a wide and sparse sheet.</summary>
    private const int MaxGaps = 100_000;

    private readonly BlockWriter _blocks = new();
    private readonly SheetRegion _region = new();
    private bool _isBegun;

    /// <summary>Each page is to be used before the next is taken.</summary>
    public IEnumerable<BlockWriter> Read(SheetRows reader)
    {
        if (!package.Has(part))
        {
            yield break;
        }

        var notes = new SheetNotes(package, part);
        var tables = SheetTables.Of(package, part);
        using var content = package.Open(part);
        foreach (var row in reader.Read(content))
        {
            var table = tables.GetValueOrDefault(row.Number);
            if (_region.LastRow is { } last && (row.Number != last + 1 || table is not null))
            {
                Flush(ends: true);
                notes.AddTo(_blocks, last);
            }

            if (IsFull(row))
            {
                var end = _region.LastRow;
                Flush(ends: false);
                notes.AddTo(_blocks, end ?? row.Number - 1);
                yield return _blocks;
                _blocks.Clear();
            }

            Begin();
            if (table is not null)
            {
                _blocks.Add(BlockKind.Caption, table.Name, 0, table.Place);
            }

            _region.Add(row);
        }

        Flush(ends: true);
        if (!_isBegun && !notes.IsEmpty)
        {
            Begin();
        }

        notes.AddTo(_blocks);
        AddDrawings();
        if (!_blocks.IsEmpty)
        {
            yield return _blocks;
        }
    }

    private bool IsFull(SheetRow next)
    {
        var length = _blocks.Length + _region.Length;
        return length > 0
            && (
                length + next.Length > MaxLength
                || _region.GapsWith(next) > MaxGaps
                || (length >= MinLength && TextParts.Fingerprint(next.Cells[0].Text) % CutOneIn == 0)
            );
    }

    /// <summary>The sheet's name stands above its first row, and in search above all of them.</summary>
    private void Begin()
    {
        if (!_isBegun)
        {
            _isBegun = true;
            _blocks.Add(BlockKind.Heading, name, 1);
        }
    }

    private void Flush(bool ends) => _region.WriteTo(_blocks, ends);

    /// <summary>Pictures' words, text boxes and charts, with the cell that they begin at.</summary>
    private void AddDrawings()
    {
        foreach (var drawing in package.Related(part, "drawing"))
        {
            var anchors = (package.Load(drawing)?.Children ?? []).SelectMany<XmlNode, XmlNode>(node =>
                node.Name == "mc:AlternateContent" ? WordText.Chosen(node) : [node]
            );
            foreach (var anchor in anchors)
            {
                var found = new BlockWriter();
                var place = PlaceOf(anchor.Child("xdr:from"));
                foreach (var caption in DrawingText.Captions(anchor))
                {
                    found.Add(BlockKind.Caption, caption, 0, place);
                }

                foreach (var box in DrawingText.Within(anchor, "xdr:txBody"))
                {
                    found.Add(BlockKind.Paragraph, DrawingText.Lines(box), 0, place);
                }

                DrawingText.AddGraphics(found, package, drawing, anchor, place);
                if (!found.IsEmpty)
                {
                    Begin();
                    _blocks.Add(found);
                }
            }
        }
    }

    private static string? PlaceOf(XmlNode? from) =>
        int.TryParse(from?.Child("xdr:col")?.Text, CultureInfo.InvariantCulture, out var column)
        && int.TryParse(from?.Child("xdr:row")?.Text, CultureInfo.InvariantCulture, out var row)
        && column is >= 0 and < CellName.MaxColumn
        && row is >= 0 and < CellName.MaxRow
            ? CellName.Of(column + 1, row + 1)
            : null;
}
