namespace Chancery.Server.Access.Provisioning;

/// <summary>A request that SCIM answers with an error (RFC 7644, 3.12).</summary>
/// <param name="status">The HTTP status.</param>
/// <param name="scimType">One of table 9 of the RFC; null for errors without a type.</param>
internal sealed class ScimException(int status, string? scimType, string detail) : Exception(detail)
{
    public int Status { get; } = status;

    public string? ScimType { get; } = scimType;

    public static ScimException Syntax(string detail) => new(400, "invalidSyntax", detail);

    public static ScimException Value(string detail) => new(400, "invalidValue", detail);

    public static ScimException Filter(string detail) => new(400, "invalidFilter", detail);

    public static ScimException Path(string detail) => new(400, "invalidPath", detail);

    public static ScimException NoTarget(string detail) => new(400, "noTarget", detail);

    public static ScimException Mutability(string detail) => new(400, "mutability", detail);

    public static ScimException Taken(string detail) => new(409, "uniqueness", detail);

    public static ScimException Missing(string id) => new(404, null, $"Resource {id} not found.");
}
