namespace Chancery.Documents;

/// <summary>A part that another refers to.</summary>
/// <param name="Kind">The last word of its type, which is the same in transitional and strict documents: <c>styles</c>.</param>
/// <param name="Target">The part's name, or null when it lies outside of the document, where nobody looks.</param>
internal sealed record Relationship(string Id, string Kind, string? Target);

/// <summary>The parts of an Office document, and how they refer to each other. Not for concurrent use.</summary>
internal sealed class OfficePackage(byte[] content)
{
    private readonly GuardedZip _zip = new(content);
    private readonly Dictionary<string, IReadOnlyList<Relationship>> _relationships = [];

    public bool Has(string part) => _zip.Has(part);

    /// <summary>What kind of document it is, and its main part.</summary>
    /// <exception cref="DocumentUnreadableException">It is none.</exception>
    public (MediaType Type, string MainPart) Main()
    {
        var type = _zip.Open(OfficeTypes.PartName) is { } part ? OfficeTypes.Find(PartReader.Load(part)) : null;
        type ??= OfficeTypes.OfNames(_zip.Names);
        if (type is null)
        {
            throw Failures.NotOffice();
        }

        if (!type.IsReadable)
        {
            throw Failures.Unsupported(type);
        }

        var main = Related("", "officeDocument").FirstOrDefault(_zip.Has) ?? OfficeTypes.UsualMainPart(type);
        return _zip.Has(main) ? (type, main) : throw Failures.DamagedOffice();
    }

    /// <summary>A part as a tree, or null when there is none.</summary>
    public XmlNode? Load(string? name) =>
        name is not null && _zip.Open(name) is { } part ? PartReader.Load(part) : null;

    /// <summary>A part to be read from its start to its end.</summary>
    /// <exception cref="DocumentUnreadableException">There is none.</exception>
    public PartReader Open(string name) => new(_zip.Open(name) ?? throw Failures.DamagedOffice());

    /// <summary>The parts of a kind that a part refers to.</summary>
    /// <param name="part">Empty for the package itself.</param>
    public IEnumerable<string> Related(string part, string kind) =>
        RelationshipsOf(part)
            .Where(relation => relation.Kind == kind && relation.Target is not null)
            .Select(relation => relation.Target!);

    /// <summary>The tree of the first part of a kind that a part refers to, or null.</summary>
    public XmlNode? LoadRelated(string part, string kind) => Load(Related(part, kind).FirstOrDefault());

    /// <summary>What a part means by an id, or null.</summary>
    public Relationship? Find(string part, string? id) =>
        id is null ? null : RelationshipsOf(part).FirstOrDefault(relation => relation.Id == id);

    /// <summary>Title and author, as the program that made it wrote them.</summary>
    public (string? Title, string? Author) Properties()
    {
        var core = LoadRelated("", "core-properties");
        return (Clean(core?.Child("dc:title")), Clean(core?.Child("dc:creator")));
    }

    private static string? Clean(XmlNode? property)
    {
        var text = BlockWriter.OneLine(property?.Text ?? "");
        return text.Length == 0 ? null
            : text.Length > 500 ? text[..500]
            : text;
    }

    private IReadOnlyList<Relationship> RelationshipsOf(string part)
    {
        if (!_relationships.TryGetValue(part, out var relations))
        {
            var slash = part.LastIndexOf('/');
            var folder = part[..(slash + 1)];
            relations = Load($"{folder}_rels/{part[(slash + 1)..]}.rels") is { } root
                ? [.. root.All("rel:Relationship").Select(relation => Parse(relation, folder))]
                : [];
            _relationships.Add(part, relations);
        }

        return relations;
    }

    private static Relationship Parse(XmlNode relation, string folder)
    {
        var type = relation["Type"] ?? "";
        var target = relation["TargetMode"] == "External" ? null : Resolve(folder, relation["Target"] ?? "");
        return new Relationship(relation["Id"] ?? "", type[(type.LastIndexOf('/') + 1)..], target);
    }

    private static string? Resolve(string folder, string target)
    {
        target = Uri.UnescapeDataString(target.Replace('\\', '/'));
        if (target.StartsWith('/'))
        {
            return target.TrimStart('/');
        }

        var steps = new List<string>(folder.Split('/', StringSplitOptions.RemoveEmptyEntries));
        foreach (var step in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            if (step == "..")
            {
                if (steps.Count == 0)
                {
                    return null;
                }

                steps.RemoveAt(steps.Count - 1);
            }
            else if (step != ".")
            {
                steps.Add(step);
            }
        }

        return string.Join('/', steps);
    }
}
