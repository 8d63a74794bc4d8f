using System.Globalization;

namespace Chancery.Documents;

/// <summary>A shape that can say something, and where it stands.</summary>
/// <param name="Placeholder">What it holds the place of: <c>title</c>, <c>body</c>, …; null for a shape of its own.</param>
/// <param name="Place">Null where the slide's layout says it.</param>
internal sealed record SlideShape(XmlNode Node, string? Placeholder, (long X, long Y)? Place)
{
    /// <summary>Shapes whose upper edges are as near as this stand in one row; a line of text is about as high. In EMU.</summary>
    private const long RowHeight = 300_000;

    public bool IsTitle => Placeholder is "title" or "ctrTitle";

    public bool IsBody => Placeholder is "body" or "obj";

    /// <summary>All shapes below a node but dates, footers and slide numbers; a group's keep together by the group's place.</summary>
    public static void Collect(XmlNode? tree, List<SlideShape> found, (long X, long Y)? group = null)
    {
        foreach (var node in tree?.Children ?? [])
        {
            switch (node.Name)
            {
                case "p:sp" or "p:pic" or "p:graphicFrame" or "p:cxnSp":
                    var placeholder = PlaceholderOf(node);
                    if (placeholder is not ("dt" or "ftr" or "sldNum" or "hdr"))
                    {
                        found.Add(new SlideShape(node, placeholder, group ?? PlaceOf(node)));
                    }

                    break;
                case "p:grpSp":
                    Collect(node, found, group ?? PlaceOf(node));
                    break;
                case "mc:AlternateContent":
                    var chosen = new XmlNode("p:grpSp");
                    foreach (var child in WordText.Chosen(node))
                    {
                        chosen.Add(child);
                    }

                    Collect(chosen, found, group);
                    break;
            }
        }
    }

    /// <summary>The title, placeholders that stand where the layout has them, and then the others by rows and from left to right.</summary>
    public static IEnumerable<SlideShape> InReadingOrder(IReadOnlyList<SlideShape> shapes)
    {
        var rest = shapes.Where(shape => !shape.IsTitle).ToList();
        return shapes
            .Where(shape => shape.IsTitle)
            .Concat(rest.Where(shape => shape.Placeholder is not null && shape.Place is null))
            .Concat(ByPlace(rest.Where(shape => shape.Placeholder is null || shape.Place is not null)));
    }

    private static IEnumerable<SlideShape> ByPlace(IEnumerable<SlideShape> shapes)
    {
        var row = new List<SlideShape>();
        foreach (var shape in shapes.OrderBy(shape => shape.Place?.Y ?? 0))
        {
            if (row.Count > 0 && (shape.Place?.Y ?? 0) - (row[0].Place?.Y ?? 0) > RowHeight)
            {
                foreach (var inRow in row.OrderBy(inRow => inRow.Place?.X ?? 0))
                {
                    yield return inRow;
                }

                row.Clear();
            }

            row.Add(shape);
        }

        foreach (var inRow in row.OrderBy(inRow => inRow.Place?.X ?? 0))
        {
            yield return inRow;
        }
    }

    private static string? PlaceholderOf(XmlNode node)
    {
        foreach (
            var properties in node.Children.Where(child => child.Name.StartsWith("p:nv", StringComparison.Ordinal))
        )
        {
            if (properties.Find("p:nvPr", "p:ph") is { } placeholder)
            {
                return placeholder["type"] ?? "obj";
            }
        }

        return null;
    }

    private static (long X, long Y)? PlaceOf(XmlNode node)
    {
        var transform = node.Find("p:spPr", "a:xfrm") ?? node.Find("p:grpSpPr", "a:xfrm") ?? node.Child("p:xfrm");
        var offset = transform?.Child("a:off");
        return
            long.TryParse(offset?["x"], CultureInfo.InvariantCulture, out var x)
            && long.TryParse(offset?["y"], CultureInfo.InvariantCulture, out var y)
            ? (Math.Clamp(x, int.MinValue, int.MaxValue), Math.Clamp(y, int.MinValue, int.MaxValue))
            : null;
    }
}
