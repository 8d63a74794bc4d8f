namespace Chancery.Server.Platform.OpenApi;

/// <summary>
/// Says that a text takes or has one of a closed set of values. Told in the API's description as an enumeration of its
/// own name; it checks nothing.
/// </summary>
[AttributeUsage(AttributeTargets.Parameter | AttributeTargets.Property)]
public sealed class OneOfAttribute : Attribute
{
    /// <param name="constants">A class whose public string constants are the values; its name is the enumeration's.</param>
    public OneOfAttribute(Type constants)
    {
        Name = constants.Name;
        Values =
        [
            .. constants
                .GetFields()
                .Where(field => field is { IsLiteral: true } && field.FieldType == typeof(string))
                .Select(field => (string)field.GetRawConstantValue()!),
        ];
    }

    /// <param name="name">The enumeration's name in the description.</param>
    /// <param name="values">All that there are.</param>
    public OneOfAttribute(string name, params string[] values) => (Name, Values) = (name, values);

    public string Name { get; }

    public IReadOnlyList<string> Values { get; }
}
