/*
 * identity_routes.c - the table (identity_routes.h).
 */
#include "identity_routes.h"

#include "api_keys.h"
#include "audit_log.h"
#include "tenants.h"

static const Route table[] = {
	{HTTP_GET, "/me", "getMe", SCOPE_NONE, get_me, 0},
	{HTTP_GET, "/api-keys", "listApiKeys", SCOPE_KEYS_ADMIN, list_api_keys, 0},
	{HTTP_POST, "/api-keys", "createApiKey", SCOPE_KEYS_ADMIN, create_api_key, 0},
	{HTTP_GET, "/api-keys/{id}", "getApiKey", SCOPE_KEYS_ADMIN, get_api_key, 0},
	{HTTP_DELETE, "/api-keys/{id}", "deleteApiKey", SCOPE_KEYS_ADMIN, delete_api_key, 0},
	{HTTP_POST, "/api-keys/{id}/rotate", "rotateApiKey", SCOPE_KEYS_ADMIN, rotate_api_key, 0},
	{HTTP_GET, "/audit", "listAudit", SCOPE_AUDIT_READ, list_audit, 0},
	{HTTP_GET, "/audit/verify", "verifyAudit", SCOPE_AUDIT_READ, verify_audit, 0},
	{HTTP_GET, "/tenants", "listTenants", SCOPE_TENANTS_ADMIN, list_tenants, 0},
	{HTTP_POST, "/tenants", "createTenant", SCOPE_TENANTS_ADMIN, create_tenant, 0},
	{HTTP_GET, "/tenants/{id}", "getTenant", SCOPE_TENANTS_ADMIN, get_tenant, 0},
	{HTTP_DELETE, "/tenants/{id}", "deleteTenant", SCOPE_TENANTS_ADMIN, delete_tenant, 0},
	{HTTP_GET, "/tenants/{id}/quota", "getTenantQuota", SCOPE_TENANTS_ADMIN, get_tenant_quota, 0},
	{HTTP_PUT, "/tenants/{id}/quota", "putTenantQuota", SCOPE_TENANTS_ADMIN, put_tenant_quota, 0},
};

const Routes identity_routes = {table, sizeof(table) / sizeof(table[0])};
