using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;

namespace Chancery.Contracts.Word;

/// <summary>The names of WordprocessingML, and the few shapes that every part writes.</summary>
internal static class Xml
{
    public static readonly XNamespace W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
    public static readonly XNamespace W14 = "http://schemas.microsoft.com/office/word/2010/wordml";
    public static readonly XNamespace W15 = "http://schemas.microsoft.com/office/word/2012/wordml";
    public static readonly XNamespace R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    public static readonly XNamespace Compatibility = "http://schemas.openxmlformats.org/markup-compatibility/2006";

    /// <summary><c>&lt;w:name w:val="value"/&gt;</c>.</summary>
    public static XElement Val(string name, object value) =>
        new(W + name, new XAttribute(W + "val", Convert.ToString(value, CultureInfo.InvariantCulture) ?? ""));

    public static XAttribute At(string name, object value) =>
        new(W + name, Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");

    /// <summary>The root of a part, with its prefixes declared.</summary>
    public static XElement Root(string name, params object?[] content) =>
        new(
            W + name,
            new XAttribute(XNamespace.Xmlns + "w", W),
            new XAttribute(XNamespace.Xmlns + "r", R),
            new XAttribute(XNamespace.Xmlns + "mc", Compatibility),
            new XAttribute(XNamespace.Xmlns + "w14", W14),
            new XAttribute(XNamespace.Xmlns + "w15", W15),
            new XAttribute(Compatibility + "Ignorable", "w14 w15"),
            content
        );

    /// <summary>As <c>w:date</c> is written: seconds, with the Z that Word writes.</summary>
    public static string Date(DateTimeOffset date) =>
        date.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    /// <summary>Without the characters that XML cannot hold: control characters, halves of surrogate pairs.</summary>
    public static string Clean(string text)
    {
        var isClean = true;
        for (var i = 0; i < text.Length && isClean; i++)
        {
            isClean = XmlConvert.IsXmlChar(text[i]);
        }

        if (isClean)
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            if (XmlConvert.IsXmlChar(text[i]))
            {
                clean.Append(text[i]);
            }
            else if (i + 1 < text.Length && XmlConvert.IsXmlSurrogatePair(text[i + 1], text[i]))
            {
                clean.Append(text[i]).Append(text[++i]);
            }
        }

        return clean.ToString();
    }
}
