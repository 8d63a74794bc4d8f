using System.Text;

namespace Chancery.Documents;

/// <summary>A formula on one line, as one would type it: <c>(a+b)/2</c>, <c>x^2</c>, <c>√(y)</c>.</summary>
internal static class EquationText
{
    public static string Of(XmlNode formula)
    {
        var text = new StringBuilder();
        Append(formula, text);
        return text.ToString().Trim();
    }

    private static void Append(XmlNode node, StringBuilder text)
    {
        switch (node.Name)
        {
            case "m:t" or "w:t":
                text.Append(node.Text);
                break;
            case "m:f":
                Group(node.Child("m:num"), text);
                text.Append('/');
                Group(node.Child("m:den"), text);
                break;
            case "m:sSup":
                Inside(node.Child("m:e"), text);
                text.Append('^');
                Group(node.Child("m:sup"), text);
                break;
            case "m:sSub":
                Inside(node.Child("m:e"), text);
                text.Append('_');
                Group(node.Child("m:sub"), text);
                break;
            case "m:sSubSup":
                Inside(node.Child("m:e"), text);
                text.Append('_');
                Group(node.Child("m:sub"), text);
                text.Append('^');
                Group(node.Child("m:sup"), text);
                break;
            case "m:rad":
                Group(node.Child("m:deg"), text);
                text.Append("√(");
                Inside(node.Child("m:e"), text);
                text.Append(')');
                break;
            case "m:nary":
                text.Append(node.Find("m:naryPr", "m:chr")?["val"] ?? "∫");
                Limit('_', node.Child("m:sub"), text);
                Limit('^', node.Child("m:sup"), text);
                text.Append(' ');
                Inside(node.Child("m:e"), text);
                break;
            case "m:d":
                Delimited(node, text);
                break;
            case "m:limLow" or "m:limUpp":
                Inside(node.Child("m:e"), text);
                Limit(node.Name == "m:limLow" ? '_' : '^', node.Child("m:lim"), text);
                break;
            case "m:func":
                text.Append(text.Length > 0 && char.IsLetterOrDigit(text[^1]) ? " " : "");
                Inside(node.Child("m:fName"), text);
                text.Append(' ');
                Inside(node.Child("m:e"), text);
                break;
            case "m:mr":
                text.Append(text.Length > 0 ? "; " : "");
                text.AppendJoin(", ", node.All("m:e").Select(Of));
                break;
            case "w:del" or "w:moveFrom" or "w:instrText":
                break;
            default:
                Inside(node, text);
                break;
        }
    }

    private static void Inside(XmlNode? node, StringBuilder text)
    {
        foreach (var child in node?.Children ?? [])
        {
            Append(child, text);
        }
    }

    /// <summary>In parentheses where it is more than a name or a number.</summary>
    private static void Group(XmlNode? node, StringBuilder text)
    {
        var start = text.Length;
        Inside(node, text);
        for (var i = start; i < text.Length; i++)
        {
            if (!char.IsLetterOrDigit(text[i]))
            {
                text.Insert(start, '(').Append(')');
                return;
            }
        }
    }

    private static void Limit(char mark, XmlNode? node, StringBuilder text)
    {
        if (node?.Children.Count > 0)
        {
            text.Append(mark);
            Group(node, text);
        }
    }

    private static void Delimited(XmlNode node, StringBuilder text)
    {
        var properties = node.Child("m:dPr");
        text.Append(properties?.Child("m:begChr") is { } opens ? opens["val"] : "(");
        var isFirst = true;
        foreach (var element in node.All("m:e"))
        {
            if (!isFirst)
            {
                text.Append(properties?.Child("m:sepChr")?["val"] ?? "|");
            }

            isFirst = false;
            Inside(element, text);
        }

        text.Append(properties?.Child("m:endChr") is { } closes ? closes["val"] : ")");
    }
}
