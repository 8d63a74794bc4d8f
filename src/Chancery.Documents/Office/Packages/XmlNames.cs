using System.Runtime.CompilerServices;

namespace Chancery.Documents;

/// <summary>The namespaces of Office documents, transitional and strict, by the prefixes that everybody knows them by.</summary>
internal sealed class XmlNames
{
    private const string Ecma = "http://schemas.openxmlformats.org/";
    private const string Iso = "http://purl.oclc.org/ooxml/";
    private const string Microsoft = "http://schemas.microsoft.com/office/";

    private static readonly Dictionary<string, string> Prefixes = new()
    {
        [Ecma + "wordprocessingml/2006/main"] = "w:",
        [Iso + "wordprocessingml/main"] = "w:",
        [Ecma + "spreadsheetml/2006/main"] = "x:",
        [Iso + "spreadsheetml/main"] = "x:",
        [Ecma + "presentationml/2006/main"] = "p:",
        [Iso + "presentationml/main"] = "p:",
        [Ecma + "drawingml/2006/main"] = "a:",
        [Iso + "drawingml/main"] = "a:",
        [Ecma + "drawingml/2006/chart"] = "c:",
        [Iso + "drawingml/chart"] = "c:",
        [Ecma + "drawingml/2006/diagram"] = "dgm:",
        [Iso + "drawingml/diagram"] = "dgm:",
        [Ecma + "drawingml/2006/picture"] = "pic:",
        [Iso + "drawingml/picture"] = "pic:",
        [Ecma + "drawingml/2006/wordprocessingDrawing"] = "wp:",
        [Iso + "drawingml/wordprocessingDrawing"] = "wp:",
        [Ecma + "drawingml/2006/spreadsheetDrawing"] = "xdr:",
        [Iso + "drawingml/spreadsheetDrawing"] = "xdr:",
        [Ecma + "officeDocument/2006/math"] = "m:",
        [Iso + "officeDocument/math"] = "m:",
        [Ecma + "officeDocument/2006/relationships"] = "r:",
        [Iso + "officeDocument/relationships"] = "r:",
        [Ecma + "package/2006/relationships"] = "rel:",
        [Ecma + "package/2006/content-types"] = "ct:",
        [Ecma + "package/2006/metadata/core-properties"] = "cp:",
        ["http://purl.org/dc/elements/1.1/"] = "dc:",
        [Ecma + "markup-compatibility/2006"] = "mc:",
        [Microsoft + "word/2010/wordprocessingShape"] = "wps:",
        [Microsoft + "spreadsheetml/2018/threadedcomments"] = "tc:",
        [Microsoft + "powerpoint/2018/8/main"] = "p188:",
        ["urn:schemas-microsoft-com:vml"] = "v:",
    };

    private readonly Dictionary<(string Namespace, string Local), string> _known = new(new ByReference());

    /// <summary>One string for each name, so that a large part does not hold it again and again.</summary>
    public string Element(string space, string local)
    {
        if (!_known.TryGetValue((space, local), out var name))
        {
            name = Prefixes.GetValueOrDefault(space, "?:") + local;
            _known.Add((space, local), name);
        }

        return name;
    }

    public string Attribute(string space, string local) =>
        space.Length > 0 && Prefixes.GetValueOrDefault(space) == "r:" ? Element(space, local) : local;

    /// <summary>A reader gives the same string for the same name, and hashing namespaces would be most of the work.</summary>
    private sealed class ByReference : IEqualityComparer<(string Namespace, string Local)>
    {
        public bool Equals((string Namespace, string Local) x, (string Namespace, string Local) y) =>
            ReferenceEquals(x.Namespace, y.Namespace) && ReferenceEquals(x.Local, y.Local);

        public int GetHashCode((string Namespace, string Local) name) =>
            HashCode.Combine(RuntimeHelpers.GetHashCode(name.Namespace), RuntimeHelpers.GetHashCode(name.Local));
    }
}
